import { Anchor, Text, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { type PricedModel, sumOf } from '@turnpike/sdk'
import { useState } from 'react'
import { readable } from '../amount-text.ts'
import { client } from '../client.ts'
import { useView } from '../filters.tsx'
import { Loaded } from '../loaded.tsx'
import { Money } from '../money.tsx'
import { whole } from '../numbers.ts'
import { Page } from '../page.tsx'
import { Empty } from '../states.tsx'
import { type ColumnOf, DataTable } from '../table.tsx'
import { OneModel } from './models-one.tsx'
import { UnpricedModels } from './models-unpriced.tsx'

export function ModelsScreen() {
  const { search } = useView()
  const [words, setWords] = useState('')
  const list = useQuery({
    queryKey: ['models'],
    queryFn: () => client.listModels(),
    staleTime: 60_000,
  })
  return (
    <Page title="Models">
      {search.model !== undefined && <OneModel model={search.model} />}
      <UnpricedModels />
      <TextInput
        type="search"
        label="Find a model"
        aria-keyshortcuts="/"
        w={{ base: '100%', sm: 320 }}
        value={words}
        onChange={({ currentTarget }) => setWords(currentTarget.value)}
      />
      <Loaded query={list} what="Models">
        {({ models }) => <Found models={matching(models, words)} all={models.length} />}
      </Loaded>
    </Page>
  )
}

/** All of them would be too many rows to draw while somebody types. */
const MOST_ROWS = 100

function matching(models: readonly PricedModel[], words: string): PricedModel[] {
  const wanted = words.toLowerCase().split(/\s+/)
  return models.filter(({ modelId, displayName, provider }) => {
    const text = `${modelId} ${displayName} ${provider}`.toLowerCase()
    return wanted.every((word) => text.includes(word))
  })
}

function Found({ models, all }: { readonly models: readonly PricedModel[]; readonly all: number }) {
  if (models.length === 0) return <Empty title="No model has such a name">{whole(all)} models are known.</Empty>
  return (
    <>
      <Text size="sm" c="dimmed" aria-live="polite">
        {whole(models.length)} models{models.length > MOST_ROWS ? `, ${MOST_ROWS} of them shown` : ''}. USD per million
        tokens.
      </Text>
      <DataTable
        caption="Models"
        width={720}
        columns={COLUMNS}
        rows={models}
        idOf={({ provider, modelId }) => `${provider} ${modelId}`}
        sortedAs="models"
        most={MOST_ROWS}
      />
    </>
  )
}

const COLUMNS: readonly ColumnOf<PricedModel>[] = [
  {
    head: 'Model',
    isHead: true,
    by: ({ modelId }) => modelId,
    cell: ({ modelId }) => (
      <Anchor component={Link} to="/models" search={{ model: modelId } as never} inherit>
        {modelId}
      </Anchor>
    ),
  },
  { head: 'Provider', by: ({ provider }) => provider, cell: ({ provider }) => provider },
  {
    head: '>Input',
    by: ({ pricing }) => pricing.text?.inputPerMillion,
    amount: ({ pricing }) => priceText(pricing.text?.inputPerMillion),
    cell: ({ pricing: { text, audio, characters } }) => (
      <>
        <Price usd={text?.inputPerMillion} />
        {audio !== undefined && (
          <>
            <Price usd={audio.perMinute} /> a minute
          </>
        )}
        {characters !== undefined && (
          <>
            <Price usd={characters.perMillion} /> a million characters
          </>
        )}
      </>
    ),
  },
  {
    head: '>Cached input',
    by: ({ pricing }) => pricing.text?.cachedInputPerMillion,
    amount: ({ pricing }) => priceText(pricing.text?.cachedInputPerMillion),
    cell: ({ pricing }) => <Price usd={pricing.text?.cachedInputPerMillion} />,
  },
  {
    head: '>Output',
    by: ({ pricing }) => pricing.text?.outputPerMillion,
    amount: ({ pricing }) => priceText(pricing.text?.outputPerMillion),
    cell: ({ pricing }) => <Price usd={pricing.text?.outputPerMillion} />,
  },
  {
    head: '>Context',
    by: ({ pricing }) => pricing.contextWindow || undefined,
    cell: ({ pricing: { contextWindow } }) => (contextWindow === 0 ? '—' : whole(contextWindow)),
  },
]

/** A price comes as a number of few digits: its shortest text, `1e-7` among them, is what the catalogue says. */
const priceText = (usd: number | undefined): string | undefined =>
  usd === undefined ? undefined : readable(sumOf([String(usd)]))

const Price = ({ usd }: { readonly usd: number | undefined }) =>
  usd === undefined ? null : <Money value={sumOf([String(usd)])} exact />
