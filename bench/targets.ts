/** What is measured: the mock itself, the bare proxy in front of it, and Turnpike in front of it, each in a process of its own. */
import { startServingChild } from './child.ts'
import { startTurnpike } from './turnpike.ts'

export const targetNames = ['direct', 'bare', 'turnpike'] as const
export type TargetName = (typeof targetNames)[number]

export type Target = {
  name: TargetName
  /** Of the process that is measured. */
  pid: number
  port: number
  headers: Record<string, string>
  /** Of a key that may do what no caller of models may. */
  managementHeaders: Record<string, string>
  model: string
  /** What every table says of it. */
  accounting: string
  stop(): Promise<void>
}

export type TargetOptions = { upstreamPort: number; postgres: boolean }

export async function startTarget(name: TargetName, { upstreamPort, postgres }: TargetOptions): Promise<Target> {
  const plain = { name, headers: {}, managementHeaders: {}, model: 'bench', accounting: 'off' }
  if (name === 'turnpike') return { ...plain, ...(await startTurnpike(upstreamPort, postgres)) }
  if (name === 'direct') return { ...plain, pid: 0, port: upstreamPort, stop: async () => {} }
  const proxy = await startServingChild('bare-proxy.ts', [`http://127.0.0.1:${upstreamPort}`])
  return { ...plain, pid: proxy.pid, port: proxy.port, stop: proxy.stop }
}
