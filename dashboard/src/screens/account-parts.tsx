/** What the screens of keys, budgets, accounts and alerts have in common: lists by pages, forms in a dialog, secrets shown once. */
import { Alert, Badge, Button, Code, CopyButton, Group, Modal, Stack, Table, Text } from '@mantine/core'
import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { type ReactNode, useRef, useState } from 'react'
import { client } from '../client.ts'
import { Problem } from '../problem.tsx'
import { Empty, Loading } from '../states.tsx'

type Paged = { readonly pagination: { readonly nextCursor: string | null; readonly totalCount: number } }

/** A list whose next page is asked for by a button. */
export function useRows<P extends Paged, T>(
  key: readonly unknown[],
  fetch: (cursor: string | undefined) => PromiseLike<P>,
  items: (page: P) => readonly T[],
  /** In how many milliseconds these rows are asked for again. */
  again: (rows: readonly T[]) => number | false = () => false,
) {
  const query = useInfiniteQuery({
    queryKey: key,
    queryFn: async ({ pageParam }) => await fetch(pageParam),
    initialPageParam: undefined as string | undefined,
    refetchInterval: ({ state }) => again(state.data?.pages.flatMap((page) => items(page)) ?? []),
    getNextPageParam: (page: P) => page.pagination.nextCursor ?? undefined,
  })
  const pages = query.data?.pages ?? []
  return {
    ...{ rows: pages.flatMap((page) => items(page)), total: pages[0]?.pagination.totalCount },
    ...{ error: query.error, isPending: query.isPending, refetch: () => void query.refetch() },
    ...{ hasMore: query.hasNextPage, isLoadingMore: query.isFetchingNextPage },
    loadMore: () => void query.fetchNextPage(),
  }
}

type ListState = Omit<ReturnType<typeof useRows>, 'rows'> & { readonly rows: readonly unknown[] }

type ListedProps = {
  readonly list: ListState
  /** What is listed: `Keys`. */
  readonly what: string
  /** What is said where there is none. */
  readonly empty: string
  readonly children: ReactNode
}

/** A list in each of its states: it comes, it failed, it is empty, it is there and may go on. */
export function Listed({ list, what, empty, children }: ListedProps) {
  const failed = `${what} could not be loaded`
  if (list.isPending) return <Loading what={what} />
  if (list.error !== null && list.rows.length === 0)
    return <Problem error={list.error} doing={failed} retry={list.refetch} />
  if (list.rows.length === 0) return <Empty title={empty} />
  return (
    <Stack gap="xs">
      {children}
      {list.error !== null && <Problem error={list.error} doing={failed} retry={list.refetch} />}
      <Group gap="sm">
        <Text size="sm" c="dimmed">
          {list.rows.length} of {list.total ?? list.rows.length}
        </Text>
        {list.hasMore && (
          <Button variant="default" size="xs" loading={list.isLoadingMore} onClick={list.loadMore}>
            Load more
          </Button>
        )}
      </Group>
    </Stack>
  )
}

/** Whether the one who looks may change things; the server decides in any case. */
export function useIsAdmin(): boolean {
  const { data } = useQuery({ queryKey: ['session'], queryFn: () => client.admin.getSession() })
  return data?.session.role === 'admin'
}

/** A change, after which everything on the screen is read anew. */
export function useChange<T, V>(change: (variables: V) => PromiseLike<T>, after?: (result: T) => void) {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: async (variables: V) => await change(variables),
    onSuccess: (result) => {
      after?.(result)
      void queries.invalidateQueries()
    },
  })
}

/** One name for one form's content until it was answered: a form that is sent again after a lost answer counts once. */
export function useSendingOnce() {
  const last = useRef<{ content: string; key: string }>(undefined)
  return async <T,>(content: unknown, send: (options: { idempotencyKey: string }) => PromiseLike<T>): Promise<T> => {
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

type FormDialogProps = {
  readonly title: string
  readonly submit: string
  readonly danger?: boolean
  readonly isBusy: boolean
  readonly error: Error | null
  readonly onSubmit: () => void
  readonly onClose: () => void
  readonly children?: ReactNode
}

/** A form in a dialog; what the server refuses stands above its buttons. */
export function FormDialog({ title, submit, danger, isBusy, error, onSubmit, onClose, children }: FormDialogProps) {
  return (
    <Modal opened onClose={onClose} title={title} closeButtonProps={{ 'aria-label': 'Close' }}>
      <form
        onSubmit={(event) => {
          event.preventDefault()
          if (!isBusy) onSubmit()
        }}
      >
        <Stack>
          {children}
          {error !== null && <Problem error={error} doing={`${submit} was refused`} />}
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button type="submit" loading={isBusy} {...(danger ? { color: 'red' } : {})}>
              {submit}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  )
}

type ConfirmProps = {
  readonly title: string
  readonly submit: string
  readonly change: () => PromiseLike<unknown>
  readonly onClose: () => void
  readonly children: ReactNode
}

/** Asks before what cannot be taken back. */
export function Confirm({ title, submit, change, onClose, children }: ConfirmProps) {
  const { mutate, isPending, error } = useChange(change, onClose)
  return (
    <FormDialog
      {...{ title, submit, onClose, error }}
      danger
      isBusy={isPending}
      onSubmit={() => mutate(undefined as never)}
    >
      <Text>{children}</Text>
    </FormDialog>
  )
}

/** A dialog that is open for one thing, or for none. */
export function useDialog<T>() {
  const [subject, setSubject] = useState<T>()
  return { subject, open: (next: T) => setSubject(() => next), close: () => setSubject(undefined) }
}

/** A secret that the server shows this once. */
export function Secret({ label, value }: { label: string; value: string }) {
  return (
    <Alert color="yellow">
      <Text fw={700} mb="xs">
        Copy it now: it is not shown again.
      </Text>
      <Group gap="sm" wrap="nowrap" align="center">
        <Code aria-label={label} style={{ overflowWrap: 'anywhere' }}>
          {value}
        </Code>
        <Copy value={value} />
      </Group>
    </Alert>
  )
}

export function Copy({ value, label = 'Copy' }: { value: string; label?: string }) {
  return (
    <CopyButton value={value} timeout={2000}>
      {({ copied, copy }) => (
        <Button size="compact-sm" variant="default" style={{ flexShrink: 0 }} onClick={copy}>
          {copied ? 'Copied' : label}
        </Button>
      )}
    </CopyButton>
  )
}

const TIME = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' })

/** An instant in the zone of the one who looks; the exact one on asking. */
export function When({ at, none = '–' }: { at: string | null | undefined; none?: string }) {
  if (at === null || at === undefined) return <span>{none}</span>
  return (
    <time dateTime={at} title={at} style={{ whiteSpace: 'nowrap' }}>
      {TIME.format(new Date(at))}
    </time>
  )
}

const COLOURS = { good: 'green', bad: 'red', warn: 'yellow', off: 'gray' } as const

/** A state in a word; the colour only repeats it. */
export function State({ tone, children }: { tone: keyof typeof COLOURS; children: ReactNode }) {
  return (
    <Badge variant="light" color={COLOURS[tone]} autoContrast tt="none" style={{ flexShrink: 0 }}>
      {children}
    </Badge>
  )
}

/** An amount that is no money: tokens, calls. Text in, grouped text out. */
export function Count({ value }: { value: string }) {
  return (
    <data value={value} style={{ whiteSpace: 'nowrap' }}>
      {value.replace(/\B(?=(\d{3})+(?!\d))/g, ' ')}
    </data>
  )
}

/** Billionths of decimal text, so that amounts are compared without floats. */
function billionths(text: string): bigint {
  const [, sign = '', whole = '0', part = ''] = /^(-?)(\d+)(?:\.(\d+))?$/.exec(text) ?? []
  const units = BigInt(whole) * 1_000_000_000n + BigInt(part.slice(0, 9).padEnd(9, '0'))
  return sign === '-' ? -units : units
}

/** How wide a part is drawn, 0 to 100. Nothing of nothing is full: a limit of 0 refuses all. */
export function percentOf(part: string, whole: string): number {
  const of = billionths(whole)
  if (of <= 0n) return 100
  const tenths = (billionths(part) * 1000n) / of
  return Number(tenths > 1000n ? 1000n : tenths < 0n ? 0n : tenths) / 10
}

/** What a form field of date and time holds, as an instant; null: nothing was entered. */
export const instantOf = (entered: string): string | null => (entered === '' ? null : new Date(entered).toISOString())

/** Under an amount or a name, what it is about. */
export const Small = ({ children }: { children: ReactNode }) => (
  <Text size="xs" c="dimmed" component="div">
    {children}
  </Text>
)

type RowButtonProps = {
  /** What the row is called, for those who hear the button and do not see the row. */
  readonly of: string
  readonly label: string
  readonly onClick: () => void
  readonly isBusy?: boolean
  readonly isDanger?: boolean
}

export function RowButton({ of, label, onClick, isBusy = false, isDanger = false }: RowButtonProps) {
  return (
    <Button
      {...{ size: 'compact-xs', variant: isDanger ? 'light' : 'default', onClick, loading: isBusy }}
      {...(isDanger ? { color: 'red', autoContrast: true } : {})}
      aria-label={`${label} ${of}`}
    >
      {label}
    </Button>
  )
}

/** A refusal that belongs to a row. */
export const Refused = ({ error }: { error: Error | null }) =>
  error === null ? null : (
    <Text role="alert" size="sm" c="red">
      {error.message}
    </Text>
  )

/** A table that scrolls for itself where the screen is narrow. */
export function Rows({ caption, width, heads, children }: RowsProps) {
  return (
    <Table.ScrollContainer minWidth={width} type="native" tabIndex={0} role="region" aria-label={`${caption}, scrolls`}>
      <Table aria-label={caption} verticalSpacing="xs">
        <Table.Thead>
          <Table.Tr>
            {heads.map((head) => (
              <Table.Th key={head} scope="col" {...(head.startsWith('>') ? { ta: 'right' as const } : {})}>
                {head.replace('>', '')}
              </Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>{children}</Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  )
}

type RowsProps = {
  readonly caption: string
  /** Pixels that it needs. */
  readonly width: number
  /** With `>` before it: of numbers. */
  readonly heads: readonly string[]
  readonly children: ReactNode
}
