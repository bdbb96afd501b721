import { useMutation } from '@tanstack/react-query'
import { textOf } from '../../data/commands.ts'
import { valuesOf } from '../../data/form.ts'
import { Button } from '../../parts/button.tsx'
import { Field, type FieldProps } from '../../parts/field.tsx'

/** A step of the sign-in that asks for one thing, with a way back. */
export function StepForm({
  field,
  submit,
  onSubmit,
  onBack,
}: {
  readonly field: Omit<FieldProps, 'problem'> & { readonly name: string }
  readonly submit: string
  /** What it throws is shown below the field. */
  readonly onSubmit: (text: string) => Promise<unknown>
  readonly onBack: () => void
}) {
  const attempt = useMutation({
    mutationFn: (values: Record<string, string>) => onSubmit((values[field.name] ?? '').trim()),
  })
  return (
    <form onSubmit={(event) => attempt.mutate(valuesOf(event))}>
      <Field {...field} required autoFocus problem={attempt.error && textOf(attempt.error)} />
      <Button look="strong" type="submit" disabled={attempt.isPending}>
        {submit}
      </Button>
      <Button look="quiet" onClick={onBack}>
        Back
      </Button>
    </form>
  )
}
