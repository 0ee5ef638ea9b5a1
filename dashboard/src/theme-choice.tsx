/** Light, dark, or as the system has it; the browser keeps it. */
import { NativeSelect, useMantineColorScheme } from '@mantine/core'

export const THEMES = [
  { value: 'auto', label: 'As the system' },
  { value: 'light', label: 'Light' },
  { value: 'dark', label: 'Dark' },
] as const

export function ThemeChoice() {
  const { colorScheme, setColorScheme } = useMantineColorScheme()
  return (
    <NativeSelect
      label="Theme"
      size="xs"
      value={colorScheme}
      data={[...THEMES]}
      onChange={({ currentTarget: { value } }) =>
        setColorScheme(THEMES.find((each) => each.value === value)?.value ?? 'auto')
      }
    />
  )
}
