import styles from './account.module.css'

export function BackupCodes({ codes }: { readonly codes: readonly string[] }) {
  return (
    <>
      <p>Keep these where you find them without your phone. Each is good once, in place of a code.</p>
      <ul className={styles.codes} aria-label="Backup codes">
        {codes.map((code) => (
          <li key={code}>{code}</li>
        ))}
      </ul>
    </>
  )
}
