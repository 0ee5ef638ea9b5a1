/** Whoever copies one amount gets all of its digits. */
export function copyExactly(): void {
  document.addEventListener('copy', (event) => {
    const selection = document.getSelection()
    const amount = elementOf(selection?.anchorNode)?.closest('data')
    if (!amount || !selection || selection.isCollapsed || !amount.contains(selection.focusNode)) return
    event.clipboardData?.setData('text/plain', amount.value)
    event.preventDefault()
  })
}

const elementOf = (node: Node | null | undefined): Element | null | undefined =>
  node instanceof Element ? node : node?.parentElement
