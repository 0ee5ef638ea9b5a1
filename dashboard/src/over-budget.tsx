/** Whether calls are refused now. What was used stays to be read all the same. */
import { Alert, Anchor, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { Budget } from '@turnpike/sdk'
import { client } from './client.ts'
import { When } from './when.tsx'

export function OverBudget() {
  const { data } = useQuery({
    queryKey: ['budgets', 'over'],
    queryFn: async () => await client.admin.listBudgets({ limit: 100 }),
  })
  const over = data?.budgets.filter(isUsedUp) ?? []
  if (over.length === 0) return null
  return (
    <Alert color="yellow" variant="light" title={over.length === 1 ? 'A budget is used up' : 'Budgets are used up'}>
      {over.map(({ id, name, windowEnd }) => (
        <Text key={id} size="sm">
          Calls that{' '}
          <Anchor component={Link} to="/budgets" inherit c="inherit" underline="always">
            {name}
          </Anchor>{' '}
          binds are refused
          {windowEnd === null ? '.' : ' until '}
          {windowEnd !== null && <When at={windowEnd} />}
        </Text>
      ))}
    </Alert>
  )
}

const isUsedUp = ({ action, isTemplate, remaining, metric }: Budget): boolean =>
  action === 'block' && !isTemplate && metric !== 'concurrency' && remaining <= 0
