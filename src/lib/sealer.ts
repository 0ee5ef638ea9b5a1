/**
 * Secrets that must be read again, at rest: AES-256-GCM under one key of this deployment. What a secret belongs to is
 * authenticated with it, so that a row moved to another owner opens no more than one whose bytes were changed.
 */
import { createCipheriv, createDecipheriv, createHmac, hash, hkdfSync } from 'node:crypto'
import type { Random } from './random.ts'

export type Sealer = {
  /** Names the key, so that what another key sealed is known as such. Says nothing about it. */
  readonly keyId: string
  seal(secret: string, belongsTo: string): string
  /** Throws {@link SealBroken}. */
  open(sealed: string, belongsTo: string): string
  /** The same secret has the same one; without the key nobody can try secrets against it. */
  fingerprint(secret: string): string
}

/** Why a secret cannot be read: never with a piece of it. */
export class SealBroken extends Error {
  override readonly name = 'SealBroken'
  readonly why: 'other_key' | 'changed'

  constructor(why: SealBroken['why'], message: string) {
    super(message)
    this.why = why
  }
}

const VERSION = 'v1'
const NONCE_BYTES = 12
const TAG_BYTES = 16

/** `master`: any text of enough chance, e.g. 64 hexadecimal digits; the keys in use are derived from it. */
export function createSealer(master: string, random: Random): Sealer {
  const key = derived(master, 'seal')
  const keyId = hash('sha256', derived(master, 'name'), 'hex').slice(0, 16)
  const fingerprintKey = derived(master, 'fingerprint')
  return {
    keyId,
    seal(secret, belongsTo) {
      // A copy: the bytes of a block of chance are drawn once.
      const nonce = Buffer.from(random.bytes(NONCE_BYTES))
      const cipher = createCipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES })
      cipher.setAAD(boundTo(keyId, belongsTo))
      const text = Buffer.concat([cipher.update(secret, 'utf8'), cipher.final()])
      return [VERSION, keyId, ...[nonce, cipher.getAuthTag(), text].map((part) => part.toString('base64url'))].join('.')
    },
    open(sealed, belongsTo) {
      const [version, sealedBy = '', ...parts] = sealed.split('.')
      const [nonce, tag, text] = parts.map((part) => Buffer.from(part, 'base64url'))
      if (version !== VERSION || !nonce || !tag || !text || nonce.length !== NONCE_BYTES || tag.length !== TAG_BYTES)
        throw new SealBroken('changed', 'the sealed secret was changed: it does not have the form that was written')
      if (sealedBy !== keyId)
        throw new SealBroken('other_key', `the secret was sealed with another key (${sealedBy}, this one is ${keyId})`)
      try {
        const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES })
        decipher.setAAD(boundTo(keyId, belongsTo))
        decipher.setAuthTag(tag)
        return Buffer.concat([decipher.update(text), decipher.final()]).toString('utf8')
      } catch {
        throw new SealBroken('changed', 'the sealed secret was changed, or moved here from another row')
      }
    },
    fingerprint: (secret) => createHmac('sha256', fingerprintKey).update(secret).digest('hex'),
  }
}

const derived = (master: string, purpose: string): Buffer =>
  Buffer.from(hkdfSync('sha256', master, 'turnpike', purpose, 32))

const boundTo = (keyId: string, belongsTo: string): Buffer => Buffer.from(`${VERSION}.${keyId}.${belongsTo}`, 'utf8')
