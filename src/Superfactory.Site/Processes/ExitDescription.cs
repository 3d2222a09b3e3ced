using System.Globalization;

namespace Superfactory.Site.Processes;

/// <summary>Says in words how a process ended.</summary>
internal static class ExitDescription
{
    private const int SignalBase = 128;

    private static readonly Dictionary<int, string> SignalNames = new()
    {
        [1] = "SIGHUP", [2] = "SIGINT", [3] = "SIGQUIT", [4] = "SIGILL", [5] = "SIGTRAP", [6] = "SIGABRT", [7] = "SIGBUS",
        [8] = "SIGFPE", [9] = "SIGKILL", [11] = "SIGSEGV", [13] = "SIGPIPE", [14] = "SIGALRM", [15] = "SIGTERM",
    };

    /// <summary>The words after a process's name, such as <c>ended with exit code 1</c> or <c>was ended by SIGSEGV</c>.</summary>
    /// <param name="exitCode">The exit code; 128 and the signal's number where a signal ended it.</param>
    public static string Of(int exitCode)
    {
        if (exitCode <= SignalBase || !SignalNames.TryGetValue(exitCode - SignalBase, out var name))
        {
            return string.Create(CultureInfo.InvariantCulture, $"ended with exit code {exitCode}");
        }

        return name switch
        {
            "SIGKILL" => "was ended by SIGKILL (someone killed it, or the machine ran out of memory)",
            "SIGBUS" => "was ended by SIGBUS (shared memory, /dev/shm, may be full)",
            _ => $"was ended by {name}",
        };
    }
}
