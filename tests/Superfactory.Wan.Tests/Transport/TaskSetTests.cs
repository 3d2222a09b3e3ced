using Superfactory.Wan.Transport;

namespace Superfactory.Wan.Tests.Transport;

public sealed class TaskSetTests
{
    [Fact]
    public async Task Task_that_failed_gives_its_place_back_and_is_told()
    {
        var told = new TaskCompletionSource<Exception>(TaskCreationOptions.RunContinuationsAsynchronously);
        var tasks = new TaskSet(told.SetResult);

        tasks.TryAdd(() => throw new InvalidOperationException("as it happens"), 1).ShouldBeTrue();

        (await told.Task.WaitAsync(TwoSites.Patience, TwoSites.Token)).Message.ShouldBe("as it happens");
        tasks.TryAdd(() => Task.CompletedTask, 1).ShouldBeTrue();
        await tasks.WhenAllAsync();
    }
}
