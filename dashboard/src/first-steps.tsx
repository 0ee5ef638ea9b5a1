/** What somebody who has just begun does next. It goes away once all is done, or when it is told to. */
import { Anchor, Button, Group, List, Paper, ThemeIcon, Title } from '@mantine/core'
import { useLocalStorage } from '@mantine/hooks'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { client } from './client.ts'
import { useUsedKeys } from './names.ts'
import { SAMPLE } from './sample-calls.ts'
import { SampleTraffic } from './sample-traffic.tsx'
import { useIsAdmin } from './session.ts'
import { useSystem } from './system.ts'

/** Whoever has made so many calls needs no first step. */
const MOST_CALLS = 1_000

/** Nothing, until all of it is known: what lies below shall not move. */
export function FirstSteps() {
  const [isHidden, setHidden] = useLocalStorage({ key: 'turnpike.first-steps-hidden', defaultValue: false })
  const isAdmin = useIsAdmin()
  return isAdmin && !isHidden ? <Steps onHide={() => setHidden(true)} /> : null
}

function Steps({ onHide }: { onHide: () => void }) {
  const [isExplained, setExplained] = useLocalStorage({ key: 'turnpike.first-steps-explained', defaultValue: false })
  const progress = useProgress()
  if (progress === undefined) return null
  const { call, calls, hasBudget, hasOwnApp, hasProvider, hasSimulator } = progress
  const done = [calls > 0, isExplained, hasBudget, hasOwnApp, hasProvider].filter(Boolean).length
  if (done === 5 || calls > MOST_CALLS) return null
  return (
    <Paper component="section" withBorder p="md" aria-label="First steps">
      <Group justify="space-between" mb="xs">
        <Title order={2} size="h4">
          First steps, {done} of 5 done
        </Title>
        <Button variant="subtle" size="compact-sm" onClick={onHide}>
          Hide
        </Button>
      </Group>
      <List listStyleType="none" spacing={4}>
        <Step isDone={calls > 0} to="/keys" label="Make the first call">
          with the demo key that the first start printed, or a key of your own
        </Step>
        <List.Item>
          <Mark isDone={isExplained} />
          {call === undefined ? (
            'See why it cost that'
          ) : (
            <Anchor
              component={Link}
              to="/requests/$id"
              params={{ id: call } as never}
              onClick={() => setExplained(true)}
              underline="always"
            >
              See why it cost that
            </Anchor>
          )}
          : each line of the last call, quantity × price
        </List.Item>
        <Step isDone={hasBudget} to="/budgets" label="Set a budget">
          and meet it: the call after the last is refused, and says so
        </Step>
        <Step isDone={hasOwnApp} to="/keys" label="Connect your app">
          a new key comes with the lines for its client
        </Step>
        <Step isDone={hasProvider} to="/settings" label="Add a provider">
          in the environment or turnpike.yaml; until then the simulator answers
        </Step>
      </List>
      {hasSimulator && <SampleTraffic />}
    </Paper>
  )
}

type StepProps = {
  readonly isDone: boolean
  readonly to: '/keys' | '/budgets' | '/settings'
  readonly label: string
  readonly children: ReactNode
}

const Step = ({ isDone, to, label, children }: StepProps) => (
  <List.Item>
    <Mark isDone={isDone} />
    <Anchor component={Link} to={to} underline="always">
      {label}
    </Anchor>
    : {children}
  </List.Item>
)

const Mark = ({ isDone }: { isDone: boolean }) => (
  <ThemeIcon
    {...{ role: 'img', 'aria-label': isDone ? 'done' : 'to do', size: 16, radius: 'xl', mr: 8 }}
    {...(isDone ? { color: 'green.9' } : { variant: 'outline', color: 'gray' })}
  >
    {isDone && <span aria-hidden>✓</span>}
  </ThemeIcon>
)

/** Accounts whose calls nobody's app has made. */
const NOT_OWN: readonly (string | null)[] = ['demo', SAMPLE]

function useProgress() {
  const newest = useQuery({
    queryKey: ['newest-call'],
    queryFn: () => client.admin.listGenerations({ limit: 1 }),
    staleTime: 5_000,
  }).data
  const budgets = useQuery({ queryKey: ['any-budget'], queryFn: () => client.admin.listBudgets({ limit: 1 }) }).data
  const keys = useUsedKeys()
  const system = useSystem().data?.system
  if (!newest || !budgets || !keys || !system) return undefined
  return {
    call: newest.generations[0]?.id,
    calls: newest.pagination.totalCount,
    hasBudget: budgets.budgets.length > 0,
    hasOwnApp: keys.some(({ externalId }) => !NOT_OWN.includes(externalId)),
    hasProvider: system.providers.some(({ origin }) => origin !== 'simulator'),
    hasSimulator: system.simulator,
  }
}
