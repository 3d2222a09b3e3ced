namespace Superfactory.Wan.Transport;

/// <summary>How .NET wakes what waits for a socket, in a process that does little else than carry bytes.</summary>
public static class SocketThreads
{
    /// <summary>.NET's switch; read once, when the process first waits for a socket (<c>SocketAsyncEngine</c>).</summary>
    private const string Variable = "DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS";

    /// <summary>
    /// Lets whatever waits for a socket go on at once on the thread that hears of it, of which there is one for each processor, and not on
    /// one of the pool that has to be woken first: that takes longer than what is done with a few packets. Nothing in such a process may
    /// wait for another socket without giving its thread back. To be called before the first socket is waited for; what was set from outside stays.
    /// </summary>
    public static void GoOnAtOnce()
    {
        if (Environment.GetEnvironmentVariable(Variable) is null)
        {
            Environment.SetEnvironmentVariable(Variable, "1");
        }
    }
}
