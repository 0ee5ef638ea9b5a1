/** Whether the server answers, as the last request found out. */
import { onlineManager } from '@tanstack/react-query'
import { useSyncExternalStore } from 'react'

let isLost = false
const listeners = new Set<() => void>()

export function heard(answered: boolean): void {
  if (isLost === !answered) return
  isLost = !answered
  for (const listener of listeners) listener()
}

export const useIsLost = (): boolean => useSyncExternalStore(subscribe, () => isLost || !onlineManager.isOnline())

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  const leave = onlineManager.subscribe(listener)
  return () => {
    listeners.delete(listener)
    leave()
  }
}
