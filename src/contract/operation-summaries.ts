/** One sentence for each operation: what a reader of the reference sees first. Without one, its name is spelled out. */
const summaries: Readonly<Record<string, string>> = {
  getGeneration: 'One finished model call: its tokens, its cost, who served it',
  getCurrentKey: 'The key that asks: its limit and what it has used',
  getCredits: 'What was granted to and charged to all accounts of the organisation, in USD',
  listKeys: 'The API keys of the organisation, 100 a page',
  createKey: 'Make an API key; its secret is shown this once',
  getKey: 'One API key, by the hash of its secret',
  updateKey: 'Rename, disable or limit an API key; it holds at once',
  deleteKey: 'Delete an API key; its usage stays in the reports',
  listModels: "Models and prices, in the words of OpenRouter's clients",
  countModels: 'How many models there are',
  getModel: "One model, in the words of OpenRouter's clients",
  listEndpoints: 'Who serves a model, at which price',
  listProviders: 'The providers behind the models',
  listAllModels: "Models and prices, in one body for OpenAI's, Anthropic's and the credits API's clients",
  getOneModel: "One model, in the words of OpenAI's and Anthropic's clients",
  calculateCost: 'What a usage would cost; moves nothing',
  createAccount: 'Make an account for a customer',
  listAccounts: 'The accounts of the organisation, newest first',
  getAccount: 'One account, by its id or by your own name for it',
  getBalance: 'The credits of an account: posted, reserved, available',
  addCredits: 'Grant credits to an account',
  deductCredits: 'Take credits from an account, never below what is available',
  listTransactions: 'What moved credits, newest first',
  getTransaction: 'One transaction',
  createOrganisation: 'Make an organisation',
  createManagementKey: 'Make a management key; its secret is shown this once',
}

export const summaryOf = (name: string): string => summaries[name] ?? inWords(name)

const inWords = (name: string): string =>
  name.replace(/[A-Z]/g, (capital) => ` ${capital.toLowerCase()}`).replace(/^./, (first) => first.toUpperCase())
