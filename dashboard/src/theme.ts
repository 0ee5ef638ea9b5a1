import { type CSSVariablesResolver, createTheme } from '@mantine/core'
import { seriesVariables } from './colours.ts'

/** White text is read on shade 8 of every colour. */
export const theme = createTheme({
  primaryShade: { light: 8, dark: 8 },
  autoContrast: true,
  cursorType: 'pointer',
  respectReducedMotion: true,
})

/** Text on a pale ground of its own colour. */
const tinted = {
  '--mantine-color-green-light-color': '#1b5e2a',
  '--mantine-color-red-light-color': '#a61e1e',
  '--mantine-color-orange-light-color': '#8a3b00',
  '--mantine-color-yellow-light-color': '#7a4b00',
  '--mantine-color-blue-light-color': '#0b4f8a',
  '--mantine-color-gray-light-color': '#343a40',
}

/** Mantine's own grey for side notes is too pale to be read by everybody (WCAG asks for 4.5:1). */
export const variables: CSSVariablesResolver = () => ({
  variables: {},
  light: { '--mantine-color-dimmed': 'var(--mantine-color-gray-7)', ...tinted, ...seriesVariables.light },
  dark: { '--mantine-color-dimmed': 'var(--mantine-color-dark-1)', ...seriesVariables.dark },
})
