/** Secrets that have to be read again, kept unreadable: AES-256-GCM, bound to where they belong. */
import { createCipheriv, createDecipheriv } from 'node:crypto'
import type { Random } from './random.ts'

/** `of`: what the secret belongs to; the text opens for nothing else. */
export type Seal = { close(secret: string, of: string): string; open(sealed: string, of: string): string }

const [NONCE_BYTES, TAG_BYTES] = [12, 16]

/** `key`: 32 bytes in hexadecimal. */
export function createSeal(key: string, random: Pick<Random, 'bytes'>): Seal {
  const bytes = Buffer.from(key, 'hex')
  return {
    close(secret, of) {
      const nonce = Buffer.from(random.bytes(NONCE_BYTES))
      const cipher = createCipheriv('aes-256-gcm', bytes, nonce).setAAD(Buffer.from(of))
      const text = Buffer.concat([cipher.update(secret, 'utf8'), cipher.final()])
      return Buffer.concat([nonce, cipher.getAuthTag(), text]).toString('base64')
    },
    open(sealed, of) {
      const all = Buffer.from(sealed, 'base64')
      const opened = createDecipheriv('aes-256-gcm', bytes, all.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES })
        .setAAD(Buffer.from(of))
        .setAuthTag(all.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES))
      return opened.update(all.subarray(NONCE_BYTES + TAG_BYTES), undefined, 'utf8') + opened.final('utf8')
    },
  }
}
