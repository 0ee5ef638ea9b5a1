/** What runs here, as the server tells it. */
import { useQuery } from '@tanstack/react-query'
import { client } from './client.ts'

export const useSystem = () =>
  useQuery({ queryKey: ['system'], queryFn: () => client.admin.getSystem(), staleTime: 30_000 })
