/** A short question within a panel: a sentence, perhaps a field or two, and two buttons. */
import { element, textButton } from '../dom';

export interface Question {
  sentence: string;
  /** A text to give: its placeholder; none by default. */
  text?: { placeholder: string; value?: string };
  /** Things to choose from. */
  choices?: string[];
  accept: string;
  /** Whether something is lost by it. */
  warn?: boolean;
  /** Gets the text or the choice. */
  act: (answer: string) => void;
}

export class QuestionForm {
  readonly node = element('form', 'wsinb-form wsinb-question');
  private question: Question | null = null;
  private input: HTMLInputElement | HTMLSelectElement | null = null;

  constructor() {
    this.close();
    this.node.addEventListener('submit', event => {
      event.preventDefault();
      this.submit();
    });
    this.node.addEventListener('keydown', event => {
      if (event.key === 'Escape') {
        event.stopPropagation();
        this.close();
      }
    });
  }

  ask(question: Question): void {
    this.question = question;
    this.input = inputFor(question);
    const row = element('div', 'wsinb-row wsinb-gap');
    const accept = element('button', 'wsinb-button wsinb-mod-accept', question.accept);
    accept.type = 'submit';
    accept.classList.toggle('wsinb-mod-warn', question.warn === true);
    row.append(
      element('span', 'wsinb-state'),
      textButton('Cancel', 'Change nothing', () => this.close()),
      accept
    );
    this.node.replaceChildren(element('p', 'wsinb-sentence', question.sentence));
    if (this.input) {
      this.node.append(this.input);
    }
    this.node.append(row);
    this.node.hidden = false;
    this.node.scrollIntoView({ block: 'nearest' });
    (this.input ?? accept).focus();
  }

  close(): void {
    this.question = null;
    this.node.hidden = true;
    this.node.replaceChildren();
  }

  private submit(): void {
    const { question } = this;
    const answer = this.input?.value.trim() ?? '';
    if (question && (!this.input || answer)) {
      this.close();
      question.act(answer);
    }
  }
}

function inputFor({ text, choices }: Question): HTMLInputElement | HTMLSelectElement | null {
  if (choices) {
    const select = element('select', 'wsinb-input');
    select.append(...choices.map(choice => new Option(choice, choice)));
    return select;
  }
  if (!text) {
    return null;
  }
  const input = element('input', 'wsinb-input');
  input.placeholder = text.placeholder;
  input.value = text.value ?? '';
  input.required = true;
  input.maxLength = 200;
  return input;
}
