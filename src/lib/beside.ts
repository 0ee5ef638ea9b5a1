/** Another file of the sources, named without its ending: `.ts` as written, `.js` when packed. */

/** `of`: the `import.meta.url` of whoever asks. */
export const beside = (of: string, name: string): URL => new URL(`./${name}${of.endsWith('.ts') ? '.ts' : '.js'}`, of)
