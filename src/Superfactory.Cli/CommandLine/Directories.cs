using Superfactory.Model;

namespace Superfactory.Cli.CommandLine;

/// <summary>Where state and corpora are kept unless the user says otherwise, and where the project's own files are.</summary>
internal static class Directories
{
    /// <summary>The state directory: the one given, or <c>$XDG_STATE_HOME/superfactory</c>, or <c>~/.local/state/superfactory</c>.</summary>
    public static string State(string? given)
    {
        if (given is { Length: > 0 })
        {
            return Path.GetFullPath(given);
        }

        var home = Environment.GetEnvironmentVariable("XDG_STATE_HOME") is { Length: > 0 } state
            ? state
            : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".local", "state");
        return Path.GetFullPath(Path.Combine(home, "superfactory"));
    }

    /// <summary>The directory of corpora: the one given, or <c>corpora</c> in the state directory.</summary>
    public static string Data(string? given, string? state = null) =>
        given is { Length: > 0 } ? Path.GetFullPath(given) : Path.Combine(State(state), "corpora");

    /// <summary>A file of the project such as <c>examples/pretrain-two-sites.yaml</c>: below <c>SUPERFACTORY_HOME</c>, or below a directory that holds the program.</summary>
    public static Outcome<string> ProjectFile(string relative)
    {
        var home = Environment.GetEnvironmentVariable("SUPERFACTORY_HOME");
        var above = home is { Length: > 0 } ? home : AppContext.BaseDirectory;
        for (var directory = new DirectoryInfo(above); directory is not null; directory = directory.Parent)
        {
            var path = Path.Combine(directory.FullName, relative);
            if (File.Exists(path))
            {
                return new Outcome<string>(path);
            }
        }

        return new Outcome<string>([new Problem(
            $"The project's file {relative} was not found in {above} or above it.",
            Hint: "Set SUPERFACTORY_HOME to the directory that the project was cloned into.")]);
    }
}
