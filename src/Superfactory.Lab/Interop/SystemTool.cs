using System.ComponentModel;
using System.Diagnostics;
using Superfactory.Model;

namespace Superfactory.Lab.Interop;

/// <summary>Programs of the system that the laboratory is set up with.</summary>
internal static class SystemTool
{
    /// <summary>iproute2: makes namespaces, sets addresses and routes.</summary>
    public const string Ip = "ip";

    /// <summary>Of util-linux: runs a program inside a namespace.</summary>
    public const string Nsenter = "nsenter";

    // Where Debian has them, for users whose path lacks the second.
    private static readonly string[] _directories = ["/usr/bin", "/usr/sbin", "/bin", "/sbin"];

    /// <summary>The path of a tool; null where the machine has none.</summary>
    public static string? Find(string name)
    {
        var path = (Environment.GetEnvironmentVariable("PATH") ?? string.Empty).Split(':', StringSplitOptions.RemoveEmptyEntries);
        foreach (var directory in path.Concat(_directories))
        {
            var file = Path.Combine(directory, name);
            if (File.Exists(file))
            {
                return file;
            }
        }

        return null;
    }

    /// <summary>Runs a tool to its end with some lines as its input.</summary>
    /// <returns>What it wrote, and what is wrong; null where nothing is.</returns>
    public static async Task<(string Output, Problem? Problem)> RunAsync(string name, IEnumerable<string> arguments, IEnumerable<string> input)
    {
        var start = new ProcessStartInfo(Find(name) ?? name, arguments)
        {
            RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true,
        };
        try
        {
            using var process = Process.Start(start)!;
            var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
            foreach (var line in input)
            {
                await process.StandardInput.WriteLineAsync(line);
            }

            process.StandardInput.Close();
            await process.WaitForExitAsync();
            var said = string.Join(' ', (await error).Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries));
            var call = $"{name} {string.Join(' ', start.ArgumentList)}";
            return (await output, process.ExitCode == 0 ? null : new Problem($"'{call}' failed with exit code {process.ExitCode}: {said}"));
        }
        catch (Exception exception) when (exception is Win32Exception or IOException)
        {
            return (string.Empty, new Problem($"'{name}' cannot be run: {exception.Message}", Hint: "It is in Debian's packages iproute2 and util-linux."));
        }
    }
}
