using System.ComponentModel;
using System.Runtime.InteropServices;
using Superfactory.Model;

namespace Superfactory.Lab.Interop;

/// <summary>Exchanges this process for another program.</summary>
internal static unsafe class Exchange
{
    private const int NoSuchFile = 2, NotPermitted = 1;

    /// <summary>Becomes a program inside a network namespace, with this process's environment, directory and descriptors.</summary>
    /// <returns>Why not; otherwise it does not return.</returns>
    public static Problem Become(string space, IReadOnlyList<string> command)
    {
        try
        {
            NetworkNamespace.Enter(space);
        }
        catch (Win32Exception exception)
        {
            return exception.NativeErrorCode == NotPermitted
                ? new Problem("Entering a site's namespace needs root.", Hint: "Run it as root, such as with sudo.")
                : new Problem($"The namespace {space} cannot be entered: {exception.Message}.", Hint: "Take the laboratory down and set it up again.");
        }

        // .NET ignores SIGPIPE, and what is ignored stays so in the next program.
        Native.RestoreBrokenPipe();
        var arguments = (nint*)NativeMemory.AllocZeroed((nuint)(command.Count + 1), (nuint)sizeof(nint));
        for (var index = 0; index < command.Count; index++)
        {
            arguments[index] = Marshal.StringToCoTaskMemUTF8(command[index]);
        }

        _ = Native.Execute(command[0], arguments);
        var error = Marshal.GetLastPInvokeError();
        return new Problem(error == NoSuchFile
            ? $"There is no program '{command[0]}'."
            : $"'{command[0]}' cannot be run: {Marshal.GetPInvokeErrorMessage(error)}.");
    }
}
