/** Where a server listens. */
import type { AddressInfo } from 'node:net'
import type { FastifyInstance } from 'fastify'
import { CannotGoOn, EXIT } from './cli/exit-code.ts'
import { portMoved, portTaken } from './cli/start-faults.ts'
import type { Settings } from './contract/settings.ts'

const PORTS_TRIED = 20

/** A port that was asked for and is taken stops the start; the default one moves on. */
export async function listen(
  fastify: FastifyInstance,
  { host, port, portAskedBy }: Settings,
): Promise<{ port: number; moved: string | undefined }> {
  for (let tried = port; ; tried++) {
    try {
      await fastify.listen({ host, port: tried })
      const bound = (fastify.server.address() as AddressInfo).port
      return { port: bound, moved: tried === port ? undefined : portMoved(port, bound) }
    } catch (error) {
      if ((error as { code?: string }).code !== 'EADDRINUSE') throw error
      if (portAskedBy !== undefined || tried >= port + PORTS_TRIED)
        throw new CannotGoOn(portTaken(tried, portAskedBy ?? 'the default'), EXIT.usage)
    }
  }
}
