/** Whom alerts are sent to, for tests: an HTTP server and a mail server that keep what comes, and answer as they are told. */
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { SMTPServer } from 'smtp-server'

type Received = { readonly path: string; readonly headers: IncomingHttpHeaders; readonly body: string }

export type Receiver = {
  readonly url: string
  readonly received: Received[]
  close(): Promise<void>
}

type Answer = (response: ServerResponse, index: number, body: string) => void

/** Answers 200 unless it is told otherwise. */
export async function startReceiver(answer: Answer = (response) => response.end('ok')): Promise<Receiver> {
  const received: Received[] = []
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString('utf8')
      received.push({ path: request.url ?? '', headers: request.headers, body })
      answer(response, received.length - 1, body)
    })
  })
  server.listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`,
    received,
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

type Mail = { readonly from: string; readonly to: string[]; readonly text: string }
export type MailServer = { readonly url: string; readonly mails: Mail[]; refusing: boolean; close(): Promise<void> }

export async function startMailServer(): Promise<MailServer> {
  const mails: Mail[] = []
  const state = { refusing: false }
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS', 'AUTH'],
    logger: false,
    onData(stream, session, done) {
      const chunks: Buffer[] = []
      stream.on('data', (chunk: Buffer) => chunks.push(chunk))
      stream.on('end', () => {
        if (state.refusing) return done(Object.assign(new Error('the mailbox is full'), { responseCode: 452 }))
        const { mailFrom, rcptTo } = session.envelope
        mails.push({
          from: mailFrom ? mailFrom.address : '',
          to: rcptTo.map(({ address }) => address),
          text: Buffer.concat(chunks).toString('utf8'),
        })
        done()
      })
    },
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `smtp://127.0.0.1:${(server.server.address() as AddressInfo).port}`,
    mails,
    get refusing() {
      return state.refusing
    },
    set refusing(value) {
      state.refusing = value
    },
    close: () => new Promise((resolve) => server.close(() => resolve())),
  }
}
