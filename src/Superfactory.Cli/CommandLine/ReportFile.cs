using System.Text.Json;
using Superfactory.Model;

namespace Superfactory.Cli.CommandLine;

/// <summary>The file that <c>--json FILE</c> names: written whole or not at all.</summary>
internal static class ReportFile
{
    /// <summary>What would keep the report from being written; null where nothing would. To be asked before the minutes that make the report.</summary>
    /// <param name="file">The file; null where no report was asked for.</param>
    public static Problem? Check(string? file)
    {
        if (file is null)
        {
            return null;
        }

        try
        {
            if (Directory.Exists(file))
            {
                return new Problem("The report cannot be written: this is a directory.", file, Field: "--json");
            }

            // Made and gone again: a command that fails leaves no empty report.
            using (new FileStream(PartOf(file), FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 1, FileOptions.DeleteOnClose))
            {
                return null;
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return new Problem($"The report cannot be written: {exception.Message}", file, Field: "--json");
        }
    }

    /// <summary>Writes the report, where one was asked for.</summary>
    public static void Write<T>(string? file, T report)
    {
        if (file is not null)
        {
            File.WriteAllText(PartOf(file), JsonSerializer.Serialize(report, FactoryJson.Readable) + "\n");
            File.Move(PartOf(file), file, overwrite: true);
        }
    }

    private static string PartOf(string file) => file + ".part";
}
