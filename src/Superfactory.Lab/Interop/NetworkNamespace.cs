using System.ComponentModel;
using System.Runtime.InteropServices;

namespace Superfactory.Lab.Interop;

/// <summary>Named network namespaces as iproute2 keeps them, in <c>/run/netns</c>.</summary>
internal static class NetworkNamespace
{
    /// <summary>Where iproute2 keeps them, see ip-netns(8).</summary>
    public const string Directory = "/run/netns";

    /// <summary>The file that stands for a namespace.</summary>
    public static string PathOf(string name) => Path.Combine(Directory, name);

    /// <summary>Whether there is one of that name.</summary>
    public static bool Exists(string name) => File.Exists(PathOf(name));

    /// <summary>
    /// Does something inside a namespace, on a thread of its own that ends with it: a thread that entered a namespace must serve nobody else.
    /// </summary>
    /// <exception cref="Win32Exception">The namespace is not there, or may not be entered.</exception>
    public static T Inside<T>(string name, Func<T> action)
    {
        T? result = default;
        Exception? failure = null;
        var thread = new Thread(() =>
        {
            try
            {
                Enter(name);
                result = action();
            }
#pragma warning disable CA1031 // Nothing is lost: it is thrown again on the caller's thread.
            catch (Exception exception)
#pragma warning restore CA1031
            {
                failure = exception;
            }
        });
        thread.Start();
        thread.Join();
        return failure is null ? result! : throw new AggregateException(failure);
    }

    /// <summary>Moves the calling thread into a namespace for good.</summary>
    public static void Enter(string name)
    {
        var descriptor = Native.Open(PathOf(name), Native.OpenToRead);
        if (descriptor < 0)
        {
            throw new Win32Exception(Marshal.GetLastPInvokeError());
        }

        var entered = Native.EnterNamespace(descriptor, Native.NewNetwork);
        var error = Marshal.GetLastPInvokeError();
        _ = Native.Close(descriptor);
        if (entered != 0)
        {
            throw new Win32Exception(error);
        }
    }
}
