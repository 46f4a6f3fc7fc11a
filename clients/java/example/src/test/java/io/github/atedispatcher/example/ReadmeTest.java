package io.github.atedispatcher.example;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Runs the programs of the READMEs, unchanged except for the address: they print the text that is shown below them. */
@Timeout(60)
final class ReadmeTest {
  private static final Pattern EXAMPLE =
      Pattern.compile("^```java\n(.*?)^```\n\n```text\n(.*?)^```$", Pattern.MULTILINE | Pattern.DOTALL);

  @ParameterizedTest
  @ValueSource(strings = {"README.md", "clients/java/README.md"})
  void theProgramsPrintTheShownOutput(String readme, @TempDir Path folder) throws Exception {
    List<MatchResult> examples = EXAMPLE.matcher(Files.readString(Repository.file(readme))).results().toList();
    assertTrue(examples.size() >= 1, "the README has no program");
    try (Server server = new Server()) {
      for (MatchResult example : examples) {
        Path source = folder.resolve("Quotes.java");
        Files.writeString(source, example.group(1).replace("127.0.0.1:50051", server.address()));
        try (Program program = Program.java(source.toString())) {
          assertEquals(example.group(2).lines().toList(), program.rest());
        }
      }
    }
  }
}
