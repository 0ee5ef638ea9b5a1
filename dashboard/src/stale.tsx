/** While the server is out of reach: that what is shown is from before, and that it is tried again. */
import { Alert } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { useEffect } from 'react'
import { useIsLost } from './connection.ts'

const AGAIN_MS = 5_000

export function Stale() {
  const isLost = useIsLost()
  const queries = useQueryClient()
  useEffect(() => {
    if (!isLost) return
    const timer = setInterval(() => void queries.refetchQueries({ type: 'active' }), AGAIN_MS)
    return () => clearInterval(timer)
  }, [isLost, queries])
  if (!isLost) return null
  return (
    <Alert color="yellow" variant="light" role="status" mb="md" title="No connection to the server">
      What is shown is from before. It is tried again every {AGAIN_MS / 1000} seconds.
    </Alert>
  )
}
