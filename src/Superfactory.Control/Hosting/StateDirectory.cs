using System.Globalization;
using Superfactory.Model;

namespace Superfactory.Control.Hosting;

/// <summary>The directory that holds what outlives the process. Its <c>VERSION</c> file says in which layout.</summary>
internal static class StateDirectory
{
    /// <summary>The layout that this version writes, and the newest that it reads.</summary>
    public const int Version = 1;

    private const string VersionFile = "VERSION";

    /// <summary>Makes the directory and its <c>control/</c>, or says why it can't be used.</summary>
    /// <returns>The path of <c>control/</c>.</returns>
    public static Started<string> Prepare(string directory)
    {
        try
        {
            var control = Path.Combine(directory, "control");
            Directory.CreateDirectory(control);
            var versionPath = Path.Combine(directory, VersionFile);
            if (File.Exists(versionPath))
            {
                return Check(directory, File.ReadAllText(versionPath).Trim()) is { } fault ? fault : control;
            }

            WriteVersion(versionPath);
            return control;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return StartFault.Setup(
                $"The state directory {directory} can't be used: {exception.Message}",
                "Choose another with --state, or make it writable.");
        }
    }

    private static StartFault? Check(string directory, string text)
    {
        if (!int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var version))
        {
            return new StartFault(StartFault.BadInput, new Problem(
                $"The file {VersionFile} in the state directory {directory} holds no version number.", Hint: "Choose another directory with --state."));
        }

        return version <= Version ? null : new StartFault(StartFault.BadInput, new Problem(
            $"The state directory {directory} has version {version}, and this superfactory knows versions up to {Version}.",
            Hint: "Run the newer superfactory that wrote it, or choose another directory with --state."));
    }

    // Written beside and moved, so that a site agent that starts at the same time in the same directory never reads half of it.
    private static void WriteVersion(string path)
    {
        var temporary = $"{path}.{Environment.ProcessId}";
        File.WriteAllText(temporary, $"{Version}\n");
        File.Move(temporary, path, overwrite: true);
    }
}
