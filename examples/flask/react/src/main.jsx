import { useState } from "react";
import { createRoot } from "react-dom/client";
import "../../pages/style.css";
import { useAnswer } from "./useAnswer.js";

const SHOWN = { asking: "Asking…", answering: "Answering…", lost: "The connection is lost. Trying again…", done: "Done." };

function Page() {
  const [question, setQuestion] = useState("What is a thread?");
  const { text, status, problem, ask } = useAnswer();

  return (
    <>
      <nav>
        <a href="/">All three pages</a>
      </nav>
      <h1>React</h1>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          ask(question);
        }}
      >
        <label htmlFor="question">Question</label>
        <textarea
          id="question"
          rows={2}
          maxLength={4000}
          required
          value={question}
          onChange={(event) => setQuestion(event.target.value)}
        />
        <button type="submit">Ask</button>
      </form>
      <div role="log" aria-label="Answer" aria-busy={Boolean(SHOWN[status]?.endsWith("…"))} tabIndex={0}>
        {text}
      </div>
      <p role="status">{SHOWN[status]}</p>
      <p role="alert">{problem}</p>
      {problem && (
        <button type="button" onClick={() => ask(question)}>
          Ask again
        </button>
      )}
    </>
  );
}

createRoot(document.querySelector("main")).render(<Page />);
