/** How the harness's own processes are started and ended: over Node's IPC channel, whose closing ends them, however the harness died. */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import type { Server } from 'node:http'
import { fileURLToPath } from 'node:url'

export type Child = { process: ChildProcess; pid: number; stop(): Promise<void> }
export type ServingChild = Child & { port: number }

/** `file` lies in this folder. */
export function startChild(file: string, args: readonly string[] = []): Child {
  const child = fork(fileURLToPath(new URL(file, import.meta.url)), args, {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  return { process: child, pid: child.pid ?? 0, stop: () => stopProcess(child) }
}

export async function startServingChild(file: string, args: readonly string[] = []): Promise<ServingChild> {
  const child = startChild(file, args)
  const port = await Promise.race([
    once(child.process, 'message').then(([message]) => (message as { port: number }).port),
    once(child.process, 'exit').then(() => Promise.reject(new Error(`${file} ended before it listened`))),
  ])
  return { ...child, port }
}

export async function stopProcess(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, 'exit')
  child.kill('SIGTERM')
  await ended
}

/** The child's side: listens on a free loopback port, says which, and ends with its parent. */
export function serveChild(server: Server): void {
  process.on('disconnect', () => process.exit())
  server.keepAliveTimeout = 60_000
  server.listen({ port: 0, host: '127.0.0.1', backlog: 4096 }, () => {
    const address = server.address()
    if (address !== null && typeof address === 'object') process.send?.({ port: address.port })
  })
}
