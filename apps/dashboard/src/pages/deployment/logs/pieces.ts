/** Pure. What is found stands at the odd places. */
export function piecesOf(text: string, find: string): string[] {
  const pieces: string[] = []
  const lower = text.toLowerCase()
  const wanted = find.toLowerCase()
  let from = 0
  for (let at = lower.indexOf(wanted); at >= 0; at = lower.indexOf(wanted, from)) {
    pieces.push(text.slice(from, at), text.slice(at, at + wanted.length))
    from = at + wanted.length
  }
  return [...pieces, text.slice(from)]
}
