import { createTheme } from '@mantine/core'

/** Blue on white needs shade 8, blue on black shade 8 under white text, to be read by everybody. */
export const theme = createTheme({ primaryShade: { light: 8, dark: 8 }, autoContrast: true, cursorType: 'pointer' })
