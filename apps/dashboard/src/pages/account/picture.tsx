import { encode } from 'uqr'

interface PictureProps {
  readonly of: string
  readonly className?: string | undefined
}

/** A QR code (ISO/IEC 18004), drawn here: what it says is a secret. */
export function Picture({ of, className }: PictureProps) {
  const { size, data } = encode(of, { border: 0 })
  const squares = data.flatMap((row, y) => row.flatMap((dark, x) => (dark ? [`M${x} ${y}h1v1h-1z`] : [])))
  return (
    <svg viewBox={`0 0 ${size} ${size}`} className={className} role="img" aria-label="QR code">
      <path d={squares.join('')} fill="currentColor" shapeRendering="crispEdges" />
    </svg>
  )
}
