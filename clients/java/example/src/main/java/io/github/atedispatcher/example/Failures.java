package io.github.atedispatcher.example;

/** Describes any Throwable: its methods are code of the program, too, and may throw or return text without bound. */
final class Failures {
  private static final int MAX_CHARACTERS = 1024;
  private static final String CUT_MARK = "...";
  private static final System.Logger LOGGER = System.getLogger(Failures.class.getName());

  private Failures() {}

  /** Returns the text of a failure: at most 1,024 characters, and never empty. */
  static String textOf(Throwable failure) {
    String name = failure.getClass().getName();
    String text;
    try {
      text = failure.getMessage();
    } catch (Throwable e) {
      return bounded(name + " (its text cannot be read)");
    }
    return bounded(text == null || text.isEmpty() ? name : text);
  }

  /** Runs a callback of the program. What it throws is logged, and ends neither the stream nor the thread. */
  static void contain(String name, Runnable callback) {
    try {
      callback.run();
    } catch (Throwable e) {
      warn(name + " failed: " + textOf(e));
    }
  }

  /** Logs a warning; a logger that fails changes nothing. */
  static void warn(String text) {
    try {
      LOGGER.log(System.Logger.Level.WARNING, text);
    } catch (Throwable e) {
      // There is nowhere left to report it.
    }
  }

  private static String bounded(String text) {
    if (text.length() <= MAX_CHARACTERS) return text;
    int end = MAX_CHARACTERS - CUT_MARK.length();
    if (Character.isHighSurrogate(text.charAt(end - 1))) end--;
    return text.substring(0, end) + CUT_MARK;
  }
}
