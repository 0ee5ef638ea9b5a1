/** Models whose calls of the last 30 days have no known price: their cost is in no sum until somebody sets one. */
import { Alert, Anchor, Group } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { UsageReport } from '@turnpike/sdk'
import { client } from '../client.ts'
import { daysOf } from '../days.ts'
import { useDialog } from '../dialog.tsx'
import { Loaded } from '../loaded.tsx'
import { whole } from '../numbers.ts'
import { RowButton } from '../row-button.tsx'
import { useIsAdmin, useTimeZone } from '../session.ts'
import { type ColumnOf, DataTable } from '../table.tsx'
import { SetPrice } from './models-set-price.tsx'

type Unpriced = UsageReport['groups'][number]

export function UnpricedModels() {
  const timeZone = useTimeZone()
  const isAdmin = useIsAdmin()
  const setting = useDialog<{ readonly model: string; readonly provider: string }>()
  const used = useQuery({
    queryKey: ['unpriced', timeZone],
    queryFn: () =>
      client.admin.reportUsage({
        ...daysOf({ range: 'Last 30 days' }, timeZone),
        timeZone,
        bucket: 'month',
        groupBy: ['model', 'provider'],
      }),
  })
  const unpriced = used.data?.groups.filter(({ unpricedRequests }) => unpricedRequests > 0) ?? []
  if (unpriced.length === 0) return null
  const action: ColumnOf<Unpriced> = {
    head: 'Actions',
    cell: ({ key: { model, provider } }) => (
      <RowButton
        of={`of ${model}`}
        label="Set price"
        onClick={() => setting.open({ model: model ?? '', provider: provider ?? '' })}
      />
    ),
  }
  return (
    <Alert color="yellow" title="Models without a price">
      <DataTable
        caption="Unpriced models"
        width={360}
        columns={isAdmin ? [...COLUMNS, action] : COLUMNS}
        rows={unpriced}
        idOf={({ key: { model, provider } }) => `${model} ${provider}`}
        sortedAs="unpriced"
      />
      {setting.subject && <PriceOf {...setting.subject} onClose={setting.close} />}
    </Alert>
  )
}

const COLUMNS: readonly ColumnOf<Unpriced>[] = [
  {
    head: 'Model',
    isHead: true,
    by: ({ key }) => key.model,
    cell: ({ key: { model } }) => (
      <Anchor component={Link} to="/models" search={{ model } as never} inherit>
        {model}
      </Anchor>
    ),
  },
  { head: 'Provider', by: ({ key }) => key.provider, cell: ({ key }) => key.provider },
  {
    head: '>Calls without a price',
    name: 'calls',
    by: ({ unpricedRequests }) => unpricedRequests,
    cell: ({ key: { model, provider }, unpricedRequests }) => (
      <Anchor component={Link} to="/requests" search={{ model, provider, range: 'Last 30 days' } as never} inherit>
        {whole(unpricedRequests)}
      </Anchor>
    ),
  },
]

type PriceProps = { readonly model: string; readonly provider: string; readonly onClose: () => void }

/** Set at the endpoint of the provider that served it, of which the report does not know the name. */
function PriceOf({ model, provider, onClose }: PriceProps) {
  const cards = useQuery({
    queryKey: ['rate-cards', model],
    queryFn: () => client.admin.listRateCards({ model }),
  })
  return (
    <Group>
      <Loaded query={cards} what="The endpoints of the model">
        {({ endpoints }) => (
          <SetPrice
            endpoints={endpoints}
            endpoint={endpoints.find((each) => each.startsWith(`${provider}/`)) ?? endpoints[0] ?? ''}
            onClose={onClose}
          />
        )}
      </Loaded>
    </Group>
  )
}
