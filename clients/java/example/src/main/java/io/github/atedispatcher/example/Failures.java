package io.github.atedispatcher.example;

import java.util.regex.Pattern;

/** Describes any Throwable: its methods are code of the program, too, and may throw or return text without bound. */
final class Failures {
  private static final int MAX_CHARACTERS = 1024;
  private static final String CUT_MARK = "...";
  private static final Pattern UNSAFE =
      Pattern.compile("[\\x00-\\x1f\\x7f-\\x9f\\u061c\\u200e\\u200f\\u2028-\\u202e\\u2066-\\u2069]");
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
      LOGGER.log(System.Logger.Level.WARNING, plain(text));
    } catch (Throwable e) {
      // There is nowhere left to report it.
    }
  }

  /** Escapes what a terminal or a reader of lines would obey: controls, separators of lines, directions of text. */
  static String plain(String text) {
    return UNSAFE.matcher(text).replaceAll(found -> "\\\\u%04x".formatted((int) found.group().charAt(0)));
  }

  private static String bounded(String text) {
    if (text.length() <= MAX_CHARACTERS) return text;
    int end = MAX_CHARACTERS - CUT_MARK.length();
    if (Character.isHighSurrogate(text.charAt(end - 1))) end--;
    return text.substring(0, end) + CUT_MARK;
  }
}
