/** The screens of the navigation, each with the letter that leads there after `g`. */
export const SCREENS = [
  ['Usage', '/usage', 'u'],
  ['Requests', '/requests', 'r'],
  ['Keys', '/keys', 'k'],
  ['Budgets', '/budgets', 'b'],
  ['Accounts', '/accounts', 'a'],
  ['Alerts', '/alerts', 'l'],
  ['Models', '/models', 'm'],
  ['Settings', '/settings', 's'],
] as const
