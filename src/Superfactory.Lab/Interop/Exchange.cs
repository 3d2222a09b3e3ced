using System.ComponentModel;
using System.Runtime.InteropServices;
using Superfactory.Model;

namespace Superfactory.Lab.Interop;

/// <summary>Exchanges this process for another program.</summary>
internal static unsafe class Exchange
{
    private const int NoSuchFile = 2, NotPermitted = 1;

    private const string HostsFile = "/etc/hosts";

    /// <summary>Becomes a program inside a network namespace, with this process's environment, directory and descriptors.</summary>
    /// <param name="space">The namespace.</param>
    /// <param name="hosts">The file of names and addresses that the program sees in the place of the machine's.</param>
    /// <param name="command">The program and its arguments.</param>
    /// <returns>Why not; otherwise it does not return.</returns>
    public static Problem Become(string space, string hosts, IReadOnlyList<string> command)
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

        // In a mount namespace of its own, which follows the machine's in everything but this one file.
        if (Native.LeaveNamespace(Native.NewMounts) != 0
            || Native.Mount(null, "/", null, Native.MountFollowing, null) != 0
            || Native.Mount(hosts, HostsFile, null, Native.MountBound, null) != 0)
        {
            return new Problem($"{hosts} cannot be put in the place of {HostsFile}: {Marshal.GetLastPInvokeErrorMessage()}.");
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
