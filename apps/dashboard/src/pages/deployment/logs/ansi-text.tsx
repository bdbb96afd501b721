import Anser from 'anser'
import { memo } from 'react'
import { classNames } from '../../../parts/class-names.ts'
import styles from './ansi-text.module.css'
import { piecesOf } from './pieces.ts'

/** What a terminal would show: the sixteen colours as this theme has them, bold, underlined; the rest as it is given. */
export const AnsiText = memo(function AnsiText({
  text,
  find,
}: {
  readonly text: string
  readonly find: string
}) {
  if (!text.includes('\u001b')) return <Found text={text} find={find} />
  const parts = Anser.ansiToJson(text, { use_classes: true, remove_empty: true })
  return parts.map((part, index) => (
    <span
      key={index}
      className={classNames(
        part.fg && styles[part.fg],
        part.bg && styles[`on-${part.bg}`],
        ...part.decorations.map((name) => styles[name]),
      )}
      style={part.fg_truecolor ? { color: `rgb(${part.fg_truecolor})` } : undefined}
    >
      <Found text={part.content} find={find} />
    </span>
  ))
})

/** With every occurrence of what is looked for marked. */
function Found({ text, find }: { readonly text: string; readonly find: string }) {
  if (find === '') return text
  const pieces = piecesOf(text, find)
  return pieces.map((piece, index) => (index % 2 === 1 ? <mark key={index}>{piece}</mark> : piece))
}
