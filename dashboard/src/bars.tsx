/** Bars over time, one part upon the other. Heights are floats; whatever is read, in the tip and in the table, is exact. */
import { BarChart } from '@mantine/charts'
import { ColorSwatch, Group, Paper, Text } from '@mantine/core'
import { type BarShapeProps, Rectangle } from 'recharts'
import { sumOf } from '../../sdk/src/decimal.ts'
import { partText } from './change-text.ts'
import type { Column, Series, Stack } from './stack.ts'

export type BarsProps = {
  readonly stack: Stack
  /** What it shows, for who cannot see it. */
  readonly label: string
  readonly height: number
  readonly textOf: (amount: string) => string
  /** With all digits. */
  readonly exactOf: (amount: string) => string
  readonly tickOf: (amount: number) => string
  readonly onOpen: (column: Column, series: Series) => void
}

/** `time` is its place, since two hours of one night may be called the same. */
type Bar = { readonly time: number; readonly column: Column } & Record<string, unknown>

export default function Bars({ stack: { series, columns }, label, height, exactOf, tickOf, onOpen }: BarsProps) {
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
            <Tip column={(payload?.[0]?.payload as Bar | undefined)?.column} series={series} exactOf={exactOf} />
          ),
        }}
        barProps={(of) => ({
          isAnimationActive: false,
          cursor: 'pointer',
          shape: (props: BarShapeProps) => <Part {...props} hatch={`url(#hatch-${of.name})`} />,
          onClick: ({ payload }: { payload?: Bar }) => {
            const part = series.find(({ name }) => name === of.name)
            if (payload !== undefined && part !== undefined) onOpen(payload.column, part)
          },
        })}
        maxBarWidth={40}
      >
        <defs>
          {series.map(({ name, colour }) => (
            <Hatch key={name} id={`hatch-${name}`} colour={colour} />
          ))}
        </defs>
      </BarChart>
    </figure>
  )
}

/** What is still running is hatched. Lines between parts tell them apart without their colours. */
function Part({ hatch, ...props }: BarShapeProps & { readonly hatch: string }) {
  const { isRunning } = (props as unknown as { payload: Bar }).payload.column
  return (
    <Rectangle
      {...props}
      stroke={isRunning ? props.fill : 'var(--mantine-color-body)'}
      strokeWidth={1}
      {...(isRunning ? { fill: hatch } : {})}
    />
  )
}

const Hatch = ({ id, colour }: { readonly id: string; readonly colour: string }) => (
  <pattern id={id} patternUnits="userSpaceOnUse" width={6} height={6} patternTransform="rotate(45)">
    <rect width={3} height={6} style={{ fill: colour }} />
  </pattern>
)

type TipProps = Pick<BarsProps, 'exactOf'> & {
  readonly column: Column | undefined
  readonly series: readonly Series[]
}

function Tip({ column, series, exactOf }: TipProps) {
  if (column === undefined) return null
  const parts = series.filter(({ name }) => column.exact[name] !== undefined)
  const whole = sumOf(Object.values(column.exact))
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
            {label}: {exactOf(column.exact[name] ?? '0')} ({partText(column.exact[name] ?? '0', whole)})
          </Text>
        </Group>
      ))}
      {parts.length > 1 && <Text size="sm">In all: {exactOf(whole)}</Text>}
    </Paper>
  )
}
