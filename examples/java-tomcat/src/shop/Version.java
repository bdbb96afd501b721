package shop;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;

/** The version that this image is, from the file VERSION beside the classes. */
public final class Version {
  public static final String CURRENT = read();

  private Version() {}

  private static String read() {
    try (var file = Version.class.getResourceAsStream("/VERSION")) {
      return new String(file.readAllBytes(), StandardCharsets.UTF_8).strip();
    } catch (IOException error) {
      throw new UncheckedIOException(error);
    }
  }
}
