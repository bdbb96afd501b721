/** HAProxy's tables: a heading that starts with `# `, then a line a row. */
export function readTable(text: string, separator: string): Record<string, string | undefined>[] {
  const [heading = '', ...lines] = text.replace(/^# /, '').split('\n')
  const names = heading.split(separator)
  return lines
    .filter((line) => line !== '')
    .map((line) => {
      const cells = line.split(separator)
      return Object.fromEntries(names.map((name, index) => [name, cells[index]]))
    })
}
