/** The mark of Livethread: a line that turns back to where it comes from, and the point where it grows. */
export function Mark({ size = 28 }: { size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 32 32" aria-hidden="true">
      <rect width="32" height="32" rx="9" fill="var(--accent)" />
      <g fill="none" stroke="var(--on-accent)" strokeWidth="2.5" strokeLinecap="round">
        <path d="M9 8.5h9.5a4 4 0 0 1 0 8h-6a3.5 3.5 0 0 0 0 7" />
      </g>
      <circle cx="20.5" cy="23.5" r="2.3" fill="var(--on-accent)" />
    </svg>
  );
}
