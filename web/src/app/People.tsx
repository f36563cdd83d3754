/** Who is there, as faces; all of them by name for those who ask. */

import type { Person } from "livethread";
import { Face } from "../look/Face";
import { usePopover } from "../look/usePopover";
import type { Me } from "./person";
import styles from "./People.module.css";

/** So many have a face; the others are counted. */
const FACES = 5;

export function People({ people, me }: { people: readonly Person[]; me: Me }) {
  const { button, box } = usePopover<HTMLUListElement>((list) => list.focus());
  if (!people.length) return null;
  const nameOf = ({ user_id, name }: Person) => (user_id === me.user_id ? `${name} (you)` : name);
  const sorted = [...people].sort((a, b) => Number(b.user_id === me.user_id) - Number(a.user_id === me.user_id));
  const shown = sorted.slice(0, people.length > FACES ? FACES - 1 : FACES);
  const others = people.length - shown.length;
  return (
    <>
      <ul className={styles.people} aria-label="People">
        {shown.map((person) => {
          const name = nameOf(person);
          return (
            <li key={person.user_id} className={styles.person} title={name} data-typing={person.typing && person.user_id !== me.user_id}>
              <Face id={person.user_id} name={person.name} />
              <span className={styles.name}>{name}</span>
            </li>
          );
        })}
        {others > 0 && (
          <li className={styles.more}>
            <button type="button" className={styles.others} aria-label={`${others} more: show everybody`} title="Show everybody" {...button}>
              +{others}
            </button>
          </li>
        )}
      </ul>
      {others > 0 && (
        <ul className={styles.everybody} aria-label="Everybody" tabIndex={0} {...box}>
          {sorted.map((person) => (
            <li key={person.user_id} className={styles.one}>
              <Face id={person.user_id} name={person.name} size={24} />
              <span className={styles.full}>{nameOf(person)}</span>
            </li>
          ))}
        </ul>
      )}
    </>
  );
}
