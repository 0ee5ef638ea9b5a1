/** What is shown, for elsewhere: a file, or the request that brings it. */
import { Button, CopyButton } from '@mantine/core'

type Props = { readonly href: string }

export const Elsewhere = ({ href }: Props) => (
  <>
    <CurlButton href={href} />
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
  <CopyButton value={`curl "${location.origin}${href}" -H "Authorization: Bearer $TURNPIKE_API_KEY"`} timeout={2000}>
    {({ copied, copy }) => (
      <Button variant="default" onClick={copy}>
        {copied ? 'Copied' : 'Copy as curl'}
      </Button>
    )}
  </CopyButton>
)
