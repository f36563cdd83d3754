/** Beside the conversation: the threads, and what the reader may choose. */

import { Code, Monitor, Moon, SquarePen, Sun, Zap } from "lucide-react";
import type { ReactNode, Ref } from "react";
import { Face } from "../look/Face";
import { Button, IconButton } from "../look/Button";
import { Mark } from "../look/Mark";
import { Switch } from "../look/Switch";
import { streaming, type Theme, theme } from "./choices";
import { useKept } from "./kept";
import type { Me } from "./person";
import styles from "./Sidebar.module.css";

interface SidebarProps {
  me: Me;
  /** What has the focus first, where this is a drawer. */
  first: Ref<HTMLButtonElement>;
  onNew: () => void;
  onMe: () => void;
  onConnect: () => void;
  /** The list. */
  children: ReactNode;
}

const NEXT: Record<Theme, Theme> = { system: "light", light: "dark", dark: "system" };
const PICTURES: Record<Theme, ReactNode> = {
  system: <Monitor size={18} />,
  light: <Sun size={18} />,
  dark: <Moon size={18} />,
};
const WORDS: Record<Theme, string> = { system: "as the system has it", light: "light", dark: "dark" };

export function Sidebar({ me, first, onNew, onMe, onConnect, children }: SidebarProps) {
  const [colours, setColours] = useKept(theme);
  const [live, setLive] = useKept(streaming);
  return (
    <>
      <header className={styles.top}>
        <Mark size={26} />
        <span className={styles.name}>Livethread</span>
      </header>
      <div className={styles.new}>
        <Button ref={first} className={styles.begin!} onClick={onNew}>
          <SquarePen size={16} /> New thread
        </Button>
      </div>
      {children}
      <footer className={styles.bottom}>
        <Switch
          label="Stream answers"
          hint="Show answers while they are written; off: once they are whole"
          icon={<Zap size={16} />}
          on={live}
          onChange={setLive}
        />
        <div className={styles.row}>
          <button type="button" className={styles.me} onClick={onMe} title="Change your nickname">
            <Face id={me.user_id} name={me.name} size={26} />
            <span className={styles.nickname}>{me.name}</span>
          </button>
          <IconButton
            label="Theme"
            title={`Theme: ${WORDS[colours]}`}
            aria-description={WORDS[colours]}
            onClick={() => setColours(NEXT[colours])}
          >
            {PICTURES[colours]}
          </IconButton>
          <IconButton label="Connect an app" onClick={onConnect}>
            <Code size={18} />
          </IconButton>
        </div>
      </footer>
    </>
  );
}
