/** What people change, and how the screens learn of it. */
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useRef } from 'react'

/** A change, after which everything on the screen is read anew. */
export function useChange<T>(change: () => PromiseLike<T>, after?: (result: T) => void) {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: async () => await change(),
    onSuccess: (result) => {
      after?.(result)
      void queries.invalidateQueries()
    },
  })
}

/** One name for one form's content until it was answered: a form that is sent again after a lost answer counts once. */
export function useSendingOnce() {
  const last = useRef<{ content: string; key: string }>(undefined)
  return async <T>(content: unknown, send: (options: { idempotencyKey: string }) => PromiseLike<T>): Promise<T> => {
    const text = JSON.stringify(content)
    if (last.current?.content !== text) last.current = { content: text, key: randomName() }
    try {
      const answer = await send({ idempotencyKey: last.current.key })
      last.current = undefined
      return answer
    } catch (error) {
      const { status } = error as { status?: number }
      if (status !== undefined && status < 500) last.current = undefined
      throw error
    }
  }
}

/** Where the page came over plain HTTP there is no `crypto.randomUUID`. */
const randomName = () =>
  `web-${Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('')}`
