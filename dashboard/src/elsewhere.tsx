/** What is shown, for elsewhere: a file, or the request or the command that brings it. */
import { Button, CopyButton } from '@mantine/core'

type Props = { readonly href: string }
type AllProps = Props & { readonly cli?: string }

export const Elsewhere = ({ href, cli }: AllProps) => (
  <>
    <CurlButton href={href} />
    {cli !== undefined && <CopyLine label="Copy as CLI" line={cli} />}
    <CsvButton href={href} />
  </>
)

/** A button, since it does something and leads nowhere. */
function CsvButton({ href }: Props) {
  const save = () => {
    const link = document.createElement('a')
    link.href = href
    link.download = ''
    link.click()
  }
  return (
    <Button variant="default" w="fit-content" onClick={save}>
      CSV
    </Button>
  )
}

/** The same by the API, with a management key in place of the session. */
const CurlButton = ({ href }: Props) => (
  <CopyLine
    label="Copy as curl"
    line={`curl "${location.origin}${href}" -H "Authorization: Bearer $TURNPIKE_API_KEY"`}
  />
)

const CopyLine = ({ label, line }: { readonly label: string; readonly line: string }) => (
  <CopyButton value={line} timeout={2000}>
    {({ copied, copy }) => (
      <Button variant="default" onClick={copy}>
        {copied ? 'Copied' : label}
      </Button>
    )}
  </CopyButton>
)
