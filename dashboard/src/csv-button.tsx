/** Saves a file of exactly what is shown. A button, since it does something and leads nowhere. */
import { Button } from '@mantine/core'

export function CsvButton({ href }: { readonly href: string }) {
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
