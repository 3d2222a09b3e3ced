namespace Superfactory.Wan.Tests;

public sealed class PooledBufferTests
{
    [Fact]
    public void Buffer_released_by_every_holder_refuses_another_release()
    {
        var buffer = PooledBuffer.Rent(100);
        buffer.Retain();
        buffer.Release();
        buffer.Release();
        Should.Throw<InvalidOperationException>(buffer.Release);
    }

    [Fact]
    public void Empty_buffer_may_be_released_at_will()
    {
        PooledBuffer.Rent(0).Release();
        PooledBuffer.Empty.Release();
        PooledBuffer.Empty.Length.ShouldBe(0);
    }
}
