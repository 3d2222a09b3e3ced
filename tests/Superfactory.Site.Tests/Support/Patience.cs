namespace Superfactory.Site.Tests.Support;

/// <summary>How long a test waits for what must happen: long, because machines that run tests are busy.</summary>
internal static class Patience
{
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    private static readonly TimeSpan LookAgain = TimeSpan.FromMilliseconds(20);

    /// <summary>Waits for something that gives no signal, such as another process's end.</summary>
    public static async Task UntilAsync(Func<bool> condition, string what)
    {
        using var limit = new CancellationTokenSource(Limit);
        using var tick = new PeriodicTimer(LookAgain);
        while (!condition())
        {
            try
            {
                await tick.WaitForNextTickAsync(limit.Token);
            }
            catch (OperationCanceledException)
            {
                throw new TimeoutException($"Waited {Limit.TotalSeconds} s in vain: {what}.");
            }
        }
    }
}
