/** Bars over time, one part upon the other. Heights are floats; whatever is read, in the tip and in the table, is exact. */
import { BarChart } from '@mantine/charts'
import { ColorSwatch, Group, Paper, Text } from '@mantine/core'
import { type BarShapeProps, Rectangle } from 'recharts'
import type { Column, Series, Stack } from './stack.ts'

export type BarsProps = {
  readonly stack: Stack
  /** What it shows, for who cannot see it. */
  readonly label: string
  readonly height: number
  readonly textOf: (amount: string) => string
  readonly tickOf: (amount: number) => string
  readonly onOpen: (column: Column, series: Series) => void
}

/** `time` is its place, since two hours of one night may be called the same. */
type Bar = { readonly time: number; readonly column: Column } & Record<string, unknown>

export default function Bars({ stack: { series, columns }, label, height, textOf, tickOf, onOpen }: BarsProps) {
  const bars = columns.map(
    (column, time): Bar => ({
      time,
      column,
      ...Object.fromEntries(Object.entries(column.exact).map(([name, amount]) => [name, Number(amount)])),
    }),
  )
  return (
    <figure style={{ margin: 0 }} aria-label={label}>
      <BarChart
        h={height}
        data={bars}
        dataKey="time"
        type="stacked"
        series={series.map(({ name, label: text, colour }) => ({ name, label: text, color: colour }))}
        xAxisProps={{ tickFormatter: (time: number) => columns[time]?.label ?? '' }}
        yAxisProps={{ width: 64, tickFormatter: tickOf }}
        tooltipProps={{
          content: ({ payload }) => (
            <Tip column={(payload?.[0]?.payload as Bar | undefined)?.column} series={series} textOf={textOf} />
          ),
        }}
        barProps={(of) => ({
          isAnimationActive: false,
          cursor: 'pointer',
          shape: Part,
          onClick: ({ payload }: { payload?: Bar }) => {
            const part = series.find(({ name }) => name === of.name)
            if (payload !== undefined && part !== undefined) onOpen(payload.column, part)
          },
        })}
        maxBarWidth={40}
      />
    </figure>
  )
}

/** What is still running is drawn open. Lines between parts tell them apart without their colours. */
function Part(props: BarShapeProps) {
  const { isRunning } = (props as unknown as { payload: Bar }).payload.column
  return (
    <Rectangle
      {...props}
      stroke={isRunning ? props.fill : 'var(--mantine-color-body)'}
      strokeWidth={1}
      {...(isRunning ? { fillOpacity: 0.45, strokeDasharray: '3 2' } : {})}
    />
  )
}

type TipProps = Pick<BarsProps, 'textOf'> & {
  readonly column: Column | undefined
  readonly series: readonly Series[]
}

function Tip({ column, series, textOf }: TipProps) {
  if (column === undefined) return null
  const parts = series.filter(({ name }) => column.exact[name] !== undefined)
  return (
    <Paper withBorder shadow="sm" p="xs">
      <Text size="sm" fw={600}>
        {column.label}
        {column.isRunning && ' (still running)'}
      </Text>
      {parts.length === 0 && <Text size="sm">nothing</Text>}
      {parts.map(({ name, label, colour }) => (
        <Group key={name} gap={6} wrap="nowrap">
          <ColorSwatch size={10} color={colour} withShadow={false} />
          <Text size="sm">
            {label}: {textOf(column.exact[name] ?? '0')}
          </Text>
        </Group>
      ))}
    </Paper>
  )
}
