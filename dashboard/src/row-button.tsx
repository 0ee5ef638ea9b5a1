/** What is done to one row, and how that was refused. */
import { Button, Text } from '@mantine/core'

type Props = {
  /** What the row is called, for those who hear the button and do not see the row. */
  readonly of: string
  readonly label: string
  readonly onClick: () => void
  readonly isBusy?: boolean
  readonly isDanger?: boolean
}

export const RowButton = ({ of, label, onClick, isBusy = false, isDanger = false }: Props) => (
  <Button
    {...{ size: 'compact-xs', variant: isDanger ? 'light' : 'default', onClick, loading: isBusy }}
    {...(isDanger ? { color: 'red', autoContrast: true } : {})}
    aria-label={`${label} ${of}`}
  >
    {label}
  </Button>
)

export const Refused = ({ error }: { readonly error: Error | null }) =>
  error === null ? null : (
    <Text role="alert" size="sm" c="red">
      {error.message}
    </Text>
  )
