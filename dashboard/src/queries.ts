/** What was asked of the API, kept for a moment. Who is not signed in is led to do so, whatever was asked. */
import { QueryCache, QueryClient } from '@tanstack/react-query'
import { AuthenticationError, ConnectionError } from '@turnpike/sdk'
import { heard } from './connection.ts'

export const queries = new QueryClient({
  queryCache: new QueryCache({
    onError: (error) => {
      heard(!(error instanceof ConnectionError))
      if (error instanceof AuthenticationError) toLogin()
    },
    onSuccess: () => heard(true),
  }),
  defaultOptions: {
    // The client tries again by itself.
    queries: { retry: false, staleTime: 10_000 },
    mutations: { onError: (error) => void (error instanceof AuthenticationError && toLogin()) },
  },
})

function toLogin(): void {
  if (location.pathname === '/login' || location.pathname === '/setup') return
  const wanted = `${location.pathname}${location.search}`
  location.assign(wanted === '/' ? '/login' : `/login?then=${encodeURIComponent(wanted)}`)
}
